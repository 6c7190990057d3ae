// Package fleet is four small services that one request goes through: an edge that speaks HTTP, a gRPC service behind
// it, a consumer of a NATS queue behind that, and a SQLite store. The tenant, the user, the request's id and the trace
// are on every log line, span and row of each, and no function of theirs takes a ctx or a tenant, but for the one that
// grpc gives a ctx. Its test is what there is to run: FLEET=10000 go test .
package fleet
