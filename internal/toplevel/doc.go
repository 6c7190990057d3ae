// Package toplevel adds attributes to log records at their top level, also below WithGroup.
// gls/glslog and httpctx build their handlers from it: they say what to add, and it says where and
// how.
package toplevel
