-- name: InsertWord :exec
INSERT INTO words (word) VALUES (?);

-- name: ListWords :many
SELECT word FROM words ORDER BY id;
