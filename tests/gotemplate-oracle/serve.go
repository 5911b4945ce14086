package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"secretwire.dev/gotemplate-oracle/internal/oracle"
)

const (
	longestLine = 16 << 20
	patience    = 10 * time.Second
)

// serve answers each case before it reads the next, so that a caller may write
// and read in turn. A case that cannot be answered gets {"refused": reason}.
func serve(_ []string, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 64<<10), longestLine)
	for lines.Scan() {
		reply, err := jsonLine(reply(lines.Bytes()))
		if err != nil {
			return err
		}
		if _, err := out.Write(reply); err != nil {
			return err
		}
	}
	return lines.Err()
}

func reply(line []byte) any {
	var asked oracle.Case
	if err := json.Unmarshal(line, &asked); err != nil {
		return refusal(err)
	}
	answer, err := renderInTime(&asked)
	if err != nil {
		return refusal(err)
	}
	return answer
}

func refusal(err error) map[string]string {
	return map[string]string{"refused": err.Error()}
}

// A case that runs too long keeps its goroutine; the caller gets its answer.
func renderInTime(asked *oracle.Case) (oracle.Answer, error) {
	type result struct {
		answer oracle.Answer
		err    error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if problem := recover(); problem != nil {
				done <- result{err: fmt.Errorf("panic: %v", problem)}
			}
		}()
		answer, err := oracle.Render(asked)
		done <- result{answer, err}
	}()
	select {
	case finished := <-done:
		return finished.answer, finished.err
	case <-time.After(patience):
		return oracle.Answer{}, errors.New("took too long")
	}
}
