package echo

type Context interface{ Param(string) string }
