package last

import "time"
import "user"

func later() {
	time.AfterFunc(1, func() { user.Current() }) // want `use gls.AfterFunc`
}
