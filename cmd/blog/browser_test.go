package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
)

// screenshots is the folder for screenshots, relative to this module's.
const screenshots = "../../build/blog"

// chromium returns the browser's path. It installs Debian's package if that needs no confirmation.
func chromium(t *testing.T) string {
	t.Helper()
	find := func() string {
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
			if path, err := exec.LookPath(name); err == nil {
				return path
			}
		}
		return ""
	}
	if path := find(); path != "" {
		return path
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Getuid() != 0 {
		t.Skip("BROWSER TEST NOT RUN: no chromium here; install Debian's package chromium to run it")
	}
	t.Log("installing Debian's package chromium")
	install := exec.Command("sh", "-c", "apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium")
	install.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	output, err := install.CombinedOutput()
	path := find()
	if err != nil || path == "" {
		t.Skipf("BROWSER TEST NOT RUN: chromium cannot be installed: %v\n%s", err, output)
	}
	return path
}

// A window is one browser context: it shares no cookie with the others.
type window struct {
	t    *testing.T
	base string
	context.Context

	mu     sync.Mutex // guards faults
	faults []string   // errors on the console, and requests to other hosts
}

// browser starts a browser and returns a function that opens windows in it.
func browser(t *testing.T, s *servers) func() *window {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)),
		chromedp.WindowSize(1280, 900), chromedp.Flag("no-sandbox", os.Getuid() == 0), chromedp.DisableGPU,
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(time.Minute))
	timed, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	allocator, cancel := chromedp.NewExecAllocator(timed, options...)
	t.Cleanup(cancel)
	first, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(first))
	return func() *window {
		ctx, cancel := chromedp.NewContext(first, chromedp.WithNewBrowserContext())
		t.Cleanup(cancel)
		w := &window{t: t, base: "http://" + s.address, Context: ctx}
		require.NoError(t, chromedp.Listen(ctx, w.hear))
		for _, enable := range []cdp.Command[cdp.Empty, cdp.Empty]{log.Enable, runtime.Enable} {
			_, err := chromedp.Call(ctx, enable, cdp.Empty{})
			require.NoError(t, err)
		}
		_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
		require.NoError(t, err)
		return w
	}
}

func (w *window) hear(event any) {
	fault := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		fault = fmt.Sprint(e.ExceptionDetails.Text, e.ExceptionDetails.Exception)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && !strings.Contains(e.Entry.Text, "frame is sandboxed") { // the test itself causes these
			fault = e.Entry.Text + " " + e.Entry.URL
		}
	case *network.EventRequestWillBeSent:
		to, err := url.Parse(e.Request.URL)
		if err != nil || to.Scheme != "data" && to.Scheme+"://"+to.Host != w.base {
			fault = "a request to " + e.Request.URL
		}
	}
	if fault != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.faults = append(w.faults, fault)
	}
}

func (w *window) run(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.Context, time.Minute)
	defer cancel()
	require.NoError(w.t, chromedp.Do(ctx, actions...))
}

func (w *window) open(path string) { w.t.Helper(); w.run(chromedp.Navigate(w.base + path)) }

// eval returns the value of a script.
func (w *window) eval(script string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.Context, time.Minute)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("(async () => String(await ("+script+")))()", chromedp.EvalAwaitPromise))
	require.NoError(w.t, err)
	return text
}

// do runs a script and does not wait for its effects.
func (w *window) do(script string) { w.t.Helper(); w.eval("(() => {" + script + "})()") }

// eventually waits until a script returns true.
func (w *window) eventually(script string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return w.eval(script) == "true" }, 20*time.Second, 50*time.Millisecond, script)
}

// shoot takes screenshots of the page in light and in dark colors.
func (w *window) shoot(name string) {
	w.t.Helper()
	require.NoError(w.t, os.MkdirAll(screenshots, 0o755))
	for _, scheme := range []string{"light", "dark"} {
		_, err := chromedp.Call(w.Context, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		require.NoError(w.t, err)
		picture, err := chromedp.Run(w.Context, chromedp.CaptureScreenshot())
		require.NoError(w.t, err)
		file := filepath.Join(screenshots, name+"-"+scheme+".png")
		require.NoError(w.t, os.WriteFile(file, picture, 0o644))
	}
}

// scripts switches JavaScript on or off.
func (w *window) scripts(on bool) {
	w.t.Helper()
	_, err := chromedp.Call(w.Context, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	require.NoError(w.t, err)
}

// both runs two functions at once.
func both(one, two func()) {
	var group sync.WaitGroup
	group.Go(one)
	group.Go(two)
	group.Wait()
}

func TestInABrowser(t *testing.T) {
	waiting, release := make(chan string, 10), make(chan struct{})
	s := begin(t, map[string]func() error{"GET /wait/{n}": func() error {
		done := make(chan struct{})
		gls.Go(func() {
			waiting <- ""
			<-release
			close(done)
		})
		<-done
		return nil
	}})
	var once sync.Once
	letGo := func() { once.Do(func() { close(release) }) }
	t.Cleanup(letGo)
	open := browser(t, s)
	ada, cyd := open(), open()

	ada.open("/")
	ada.shoot("sign-in")
	signIn := func(w *window, who, name string) {
		w.open("/sign-in")
		w.run(chromedp.Click(chromedp.CSS(`button[value="` + who + `"]`)))
		w.eventually(`document.querySelector("#user")?.textContent === "` + name + `"`)
	}
	both(func() { signIn(ada, "north/ada", "ada") }, func() { signIn(cyd, "south/cyd", "cyd") })

	like := func(w *window, post int) {
		article := fmt.Sprintf(`article[data-id="%d"]`, post)
		w.run(chromedp.Click(chromedp.CSS(article + " .like button")))
		w.eventually(`document.querySelector('` + article + ` .like button')?.ariaPressed === "true" && ` +
			`document.querySelector('` + article + ` .count').textContent === "1"`)
	}
	both(func() { like(ada, 3) }, func() { like(cyd, 6) })

	publish := func(w *window, title string) {
		w.open("/new")
		w.run(chromedp.SendKeys(chromedp.CSS("#title"), title), chromedp.SendKeys(chromedp.CSS("#body"), "Written in a browser."))
		w.run(chromedp.Click(chromedp.CSS(".editor button")))
		w.eventually(`document.querySelector("article h1")?.textContent === "` + title + `"`)
	}
	both(func() { publish(ada, "Ada was here") }, func() { publish(cyd, "Cyd was here") })
	s.events.Wait()
	ada.open("/posts/3")
	ada.shoot("post")
	ada.open("/new")
	ada.shoot("new")

	both(func() { fiftyPages(ada, "ada", "1", "Cyd was here") }, func() { fiftyPages(cyd, "cyd", "2", "Ada was here") })
	assert.Equal(t, "true", ada.eval(`document.querySelector("#notices").textContent.includes("ada published")`))
	ada.shoot("feed")
	cyd.shoot("feed-south")

	// A user with an open feed sees what the tenant's users publish. A feed connects again after the
	// request's deadline and misses what is published meanwhile, so bob publishes until ada sees it.
	bob := visit(t, s, "north/bob")
	require.Eventually(t, func() bool {
		bob.post("/posts", "title", "News", "body", "from bob")
		return ada.eval(`document.querySelector("#told").textContent === "bob published “News”"`) == "true"
	}, time.Minute, time.Second)
	assert.Equal(t, "true", cyd.eval(`document.querySelector("#told").hidden`))

	inspectRequests(t, s, open(), ada, cyd, waiting)
	letGo()
	for _, w := range []*window{ada, cyd} {
		w.mu.Lock()
		assert.Empty(t, strings.Join(w.faults, "\n"))
		w.mu.Unlock()
	}
}

// fiftyPages loads the feed into 50 frames at once and checks that each is the user's.
func fiftyPages(w *window, user, tenant, foreign string) {
	w.t.Helper()
	w.open("/")
	seen := w.eval(`Promise.all(Array.from({length: 50}, (_, i) => new Promise((done) => {
		const frame = document.createElement("iframe");
		frame.sandbox = "allow-same-origin"; // without scripts: a browser has six connections to a server, and each feed takes one
		frame.onload = () => {
			const page = frame.contentDocument;
			const tenants = new Set([...page.querySelectorAll("article")].map((a) => a.dataset.tenant));
			done([page.querySelector("#user").textContent, ...tenants, page.body.textContent.includes("` + foreign + `")].join(" "));
			frame.remove();
		};
		frame.src = "/?" + i;
		document.body.append(frame);
	}))).then((pages) => [pages.length, ...new Set(pages)].join("; "))`)
	assert.Equal(w.t, "50; "+user+" "+tenant+" false", seen)
}

// inspectRequests checks what the inspector shows of two users' requests.
func inspectRequests(t *testing.T, s *servers, w, ada, cyd *window, waiting chan string) {
	t.Helper()
	w.open("/debug/ambient/")
	w.eventually(`document.readyState === "complete"`)
	before := w.eval(`performance.timeOrigin`)
	for i, reader := range []*window{ada, cyd} {
		reader.do(fmt.Sprintf(`fetch("/wait/%d?secret=hunter2")`, i))
		<-waiting
	}
	rows := func(n int) string {
		return fmt.Sprintf(`document.querySelectorAll("tbody tr[data-id]").length === %d`, n)
	}
	text := func(t string) string { return `document.querySelector("tbody").textContent.includes("` + t + `")` }

	// The page shows the requests without a reload. The keyboard alone filters the list.
	w.eventually(text("/wait/0") + " && " + text("/wait/1"))
	w.run(chromedp.KeyEvent("/"))
	assert.Equal(t, "q", w.eval(`document.activeElement.id`))
	w.run(chromedp.KeyEvent(kb.Backspace)) // the driver sends the character separately from the key, and the page has used the key
	w.run(chromedp.KeyEvent("GET /wait"))
	w.eventually(`location.search.includes("q=GET")`) // until then the list may have as many rows, for want of other requests
	w.eventually(rows(4))                             // two handlers, each with a child
	w.eventually(text("north") + " && " + text("south") + " && " + text("GET /wait/{n}") + " && " + text("blog.TestInABrowser"))
	w.eventually(text("ada") + " && " + text("cyd") + " && " + text("session.user"))
	assert.Equal(t, "2", w.eval(`document.querySelectorAll("tr.request").length`), "a request is a group")
	assert.Equal(t, "2", w.eval(`document.querySelector("tbody").textContent.split("gls.Context").length - 1`), "of which it stands once")
	assert.Equal(t, "false", w.eval(`document.documentElement.innerHTML.includes("hunter2")`))
	assert.Equal(t, before, w.eval(`performance.timeOrigin`), "the page was never loaded again")
	w.shoot("inspector")

	// A click sorts the list and a second one reverses it: the requests by their first goroutines,
	// and the goroutines of each request.
	sorted := func(by string) string {
		return `[...document.querySelectorAll("tbody tr")].reduce(({ ok, first, last }, tr) => {
			const id = Number(tr.dataset.id);
			if (!id) return { ok, first, last: 0 };
			if (last) return { ok: ok && id ` + by + ` last, first, last: id };
			return { ok: ok && (!first || id ` + by + ` first), first: id, last: id };
		}, { ok: true }).ok`
	}
	w.run(chromedp.Click(chromedp.CSS(`thead th:first-child a`)))
	w.eventually(sorted(">") + ` && document.querySelector("thead th").ariaSort === "ascending"`)
	w.run(chromedp.Click(chromedp.CSS(`thead th:first-child a`)))
	w.eventually(sorted("<") + ` && document.querySelector("thead th").ariaSort === "descending"`)
	w.run(chromedp.Click(chromedp.CSS(`thead th:first-child a:last-child`)))
	w.eventually(`document.querySelector("tr.request").textContent.includes("/wait/0")`)
	w.run(chromedp.Click(chromedp.CSS(`thead th:first-child a:last-child`)))
	w.eventually(`document.querySelector("tr.request").textContent.includes("/wait/1")`)

	// The keyboard opens a stack. It stays open while the list refreshes, and closes again.
	w.do(`document.querySelector("tbody a.open").focus()`)
	w.run(chromedp.KeyEvent(kb.Enter))
	w.eventually(`document.querySelector("tr.stack")?.textContent.includes("TestInABrowser")`)
	stamp := w.eval(`document.querySelector("tbody td.age").textContent`)
	w.eventually(`document.querySelector("tbody td.age").textContent !== "` + stamp + `"`)
	assert.Equal(t, "true", w.eval(`document.activeElement.matches("a.open[aria-expanded=true]")`), "the focus stays, too")
	assert.Equal(t, "1", w.eval(`document.querySelectorAll("tr.stack").length`))
	w.shoot("inspector-stack")
	w.run(chromedp.KeyEvent(kb.Escape))
	w.eventually(`!document.querySelector("tr.stack")`)

	// Escape closes the stack that was opened last, wherever the focus is: nowhere, in the filter,
	// which keeps its text, or in another row.
	stacks := func(n int) string { return fmt.Sprintf(`document.querySelectorAll("tr.stack").length === %d`, n) }
	for _, focus := range []string{
		`document.activeElement.blur()`, `document.querySelector("#q").focus()`, `document.querySelector("#pause").focus()`,
	} {
		w.do(`for (const a of [...document.querySelectorAll("tbody a.open")].slice(0, 2)) a.click()`)
		w.eventually(stacks(2) + ` && !document.querySelector("tbody").textContent.includes("asking")`)
		last := w.eval(`document.querySelectorAll("tr.stack")[1].previousElementSibling.dataset.id`)
		w.do(focus)
		w.run(chromedp.KeyEvent(kb.Escape))
		w.eventually(stacks(1))
		assert.NotEqual(t, last, w.eval(`document.querySelector("tr.stack").previousElementSibling.dataset.id`), focus)
		w.do(focus)
		w.run(chromedp.KeyEvent(kb.Escape))
		w.eventually(stacks(0))
		assert.Contains(t, w.eval(`document.querySelector("#q").value`), "GET /wait", focus)
	}
	w.do(`document.activeElement.blur()`)
	phone(t, w)

	// A paused list does not change, not even by an answer that was under way. It continues afterwards.
	w.do(`const ask = fetch;
		window.fetch = (...how) => new Promise((answer) => window.arrive = () => { window.fetch = ask; answer(ask(...how)); });`)
	w.eventually(`!!window.arrive`)
	w.run(chromedp.KeyEvent("p"))
	assert.Equal(t, "true", w.eval(`document.querySelector("#pause").ariaPressed`))
	ada.do(`fetch("/wait/2")`)
	<-waiting
	stamp = w.eval(`document.querySelector("#stamp").textContent`)
	w.do(`window.arrive()`)
	time.Sleep(3 * time.Second)
	assert.Equal(t, stamp, w.eval(`document.querySelector("#stamp").textContent`))
	assert.Equal(t, "false", w.eval(text("/wait/2")))
	w.run(chromedp.Click(chromedp.CSS(`#pause`)))
	w.eventually(text("/wait/2") + " && " + rows(6))

	w.scripts(false)
	w.open("/debug/ambient/?q=wait")
	w.shoot("inspector-without-scripts")
	w.scripts(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	assert.Empty(t, strings.Join(w.faults, "\n"))
}

// phone checks the inspector on a narrow screen: each goroutine is a card, and nothing is wider
// than the screen.
func phone(t *testing.T, w *window) {
	t.Helper()
	screen := func(width, height int64, mobile bool) {
		_, err := chromedp.Call(w.Context, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: height, DeviceScaleFactor: 1, Mobile: mobile,
		})
		require.NoError(t, err)
	}
	screen(390, 844, true)
	w.eventually(`innerWidth === 390`)
	assert.Equal(t, "true", w.eval(`document.documentElement.scrollWidth <= 390`))
	assert.Equal(t, "true", w.eval(`(() => { const e = document.querySelector(".wide"); return e.scrollWidth <= e.clientWidth; })()`))
	assert.Equal(t, "block block", w.eval(`["tbody tr[data-id]", "tbody tr[data-id] th"].map((s) => getComputedStyle(document.querySelector(s)).display).join(" ")`))
	assert.Contains(t, w.eval(`getComputedStyle(document.querySelector("td[data-label=started]"), "::before").content`), "started")
	w.do(`document.querySelector("tbody a.open").click()`)
	w.eventually(`document.querySelector("tr.stack")?.textContent.includes("TestInABrowser")`)
	assert.Equal(t, "true", w.eval(`document.documentElement.scrollWidth <= 390`), "with a stack, too")
	w.shoot("inspector-phone")
	w.run(chromedp.KeyEvent(kb.Escape))
	screen(1280, 900, false)
	w.eventually(`innerWidth === 1280 && !document.querySelector("tr.stack")`)
}
