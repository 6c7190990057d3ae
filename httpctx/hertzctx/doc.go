package hertzctx
