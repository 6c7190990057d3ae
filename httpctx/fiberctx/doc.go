package fiberctx
