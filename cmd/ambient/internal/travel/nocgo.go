//go:build !cgo || !unix

package main

var fromC []way
