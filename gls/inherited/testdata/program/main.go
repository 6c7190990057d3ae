// Program relies on inheritance.
package main

import (
	"fmt"

	"github.com/ambient-go/ambient/gls"
	_ "github.com/ambient-go/ambient/gls/inherited"
)

var user = gls.New[string]("user")

func main() {
	user.Run("Ada", func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			fmt.Println("hello,", user.GetOrFail())
		}()
		<-done
	})
}
