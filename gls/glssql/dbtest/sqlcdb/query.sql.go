package sqlcdb

import "context"

const insertWord = `-- name: InsertWord :exec
INSERT INTO words (word) VALUES (?)
`

func (q *Queries) InsertWord(ctx context.Context, word string) error {
	_, err := q.db.ExecContext(ctx, insertWord, word)
	return err
}

const listWords = `-- name: ListWords :many
SELECT word FROM words ORDER BY id
`

func (q *Queries) ListWords(ctx context.Context) ([]string, error) {
	rows, err := q.db.QueryContext(ctx, listWords)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var items []string
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			return nil, err
		}
		items = append(items, word)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return items, nil
}
