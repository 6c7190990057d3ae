module github.com/ambient-go/ambient/benchmarks

go 1.25

require (
	github.com/ambient-go/ambient v0.0.0
	github.com/jtolds/gls v4.20.0+incompatible
	github.com/petermattis/goid v0.0.0-20260820044319-269ab09b5261
	github.com/timandy/routine v1.1.6
	github.com/tylerb/gls v0.0.0-20150407001822-e606233f194d
	golang.org/x/perf v0.0.0-20250813145418-2f7363a06fe1
	gonum.org/v1/plot v0.16.0
)

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.1.0 // indirect
	codeberg.org/go-pdf/fpdf v0.10.0 // indirect
	git.sr.ht/~sbinet/gg v0.6.0 // indirect
	github.com/aclements/go-moremath v0.0.0-20210112150236-f10218a38794 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/campoy/embedmd v1.0.0 // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/gopherjs/gopherjs v1.21.0 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	github.com/tylerb/is v2.1.3+incompatible // indirect
	golang.org/x/image v0.30.0 // indirect
	golang.org/x/text v0.28.0 // indirect
)

replace github.com/ambient-go/ambient => ../
