package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/ambient-go/ambient/cmd/ambient/internal/overlay"
)

const versionUsage = `Example:

	ambient version
	ambient version ./server ./worker.exe

Prints the version of this command and the Go release that it was built with,
in one line. With files, prints how each of these programs was built, a line
each: whether go statements inherit in it (by ambient build) or not (by go
build), with which Go release, for which system, with which -inherit and
-detach, and with which version of the library. Programs for other systems and
stripped ones will do. It does not run them.

With -m it is go version -m.

Exit code: 0, or 2 where a file is no Go program.
`

func version(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprintf(stdout, "ambient %s\n", ownVersion())
		return good
	}
	if args[0] == "-m" {
		return plainGo(append([]string{"version"}, args...), stdin, stdout, stderr)
	}
	code := good
	for _, file := range args {
		text, err := built(file)
		if err != nil {
			fmt.Fprintf(stderr, "ambient version: %v\n", err)
			code = wrong
			continue
		}
		fmt.Fprintf(stdout, "%s: %s\n", file, text)
	}
	return code
}

// built says how a program was built.
func built(file string) (string, error) {
	info, mark, marked, err := readProgram(file)
	if err != nil {
		return "", err
	}
	setting := func(key string) string {
		at := slices.IndexFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == key })
		if at < 0 {
			return "?"
		}
		return info.Settings[at].Value
	}
	with := fmt.Sprintf("%s %s/%s, %s", info.GoVersion, setting("GOOS"), setting("GOARCH"), libraryIn(info))
	switch {
	case !marked:
		return "explicit: built without ambient's overlay, " + with, nil
	case !mark.Is(info.GoVersion):
		return fmt.Sprintf("explicit: built with an overlay that is for %s, which this release does not use, %s",
			mark.Release, with), nil
	}
	flags := ""
	if mark.Flags != "" {
		flags = " and " + mark.Flags
	}
	return fmt.Sprintf("inherited: built with ambient's overlay, protocol %d%s, %s", mark.Protocol, flags, with), nil
}

// readProgram reads what a Go program's file says of how it was built.
func readProgram(path string) (info *buildinfo.BuildInfo, mark overlay.Mark, marked bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, mark, false, err
	}
	defer file.Close()
	stat, err := file.Stat()
	if err != nil {
		return nil, mark, false, err
	}
	if !stat.Mode().IsRegular() {
		return nil, mark, false, fmt.Errorf("%s is a %s: name the file of a Go program", path, kind(stat.Mode()))
	}
	if info, err = buildinfo.Read(file); err != nil {
		if exist := new(fs.PathError); errors.As(err, &exist) {
			return nil, mark, false, err
		}
		return nil, mark, false, fmt.Errorf("%s is no Go program, or a packed one: %w", path, err)
	}
	if _, err = file.Seek(0, io.SeekStart); err == nil {
		mark, marked, err = overlay.FindMark(file)
	}
	return info, mark, marked, err
}

func kind(mode fs.FileMode) string {
	if mode.IsDir() {
		return "folder"
	}
	return "device"
}

// libraryIn names the version of the library in a program.
func libraryIn(info *buildinfo.BuildInfo) string {
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path != library {
			continue
		}
		text := library + " " + m.Version
		if m.Replace != nil {
			text += " replaced by " + m.Replace.Path
			if m.Replace.Version != "" {
				text += " " + m.Replace.Version
			}
		}
		return text
	}
	return "without " + library
}

// ownVersion returns the version of the module that this program was built from, or the commit if
// it was built in a clone.
func ownVersion() string {
	version, commit := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && version == "(devel)" {
				commit = " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return fmt.Sprintf("%s%s, built with %s for %s/%s", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
