// Judges histories by Porcupine, for comparison: see harness/bench/checkers.ts, which writes the files that this reads and
// builds it outside the repository.
//
// Each file is JSON lines: first {"name", "kind": "register" | "text", "initial", "together"}, then one operation a line.
// It prints name, verdict and milliseconds of checking, parted by tabs.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

type head struct {
	Name     string
	Kind     string
	Initial  interface{}
	Together bool
}

type input struct {
	Key   string
	F     string
	Value interface{}
	To    interface{}
}

type line struct {
	input
	Output  interface{}
	Unknown bool
	Call    int64
	Return  int64
}

type output struct {
	value   interface{}
	unknown bool
}

func step(kind string, state interface{}, in input, out output) (bool, interface{}) {
	switch in.F {
	case "read", "get":
		return out.unknown || out.value == state, state
	case "write", "put":
		return true, in.Value
	case "append":
		return true, state.(string) + in.Value.(string)
	default: // cas
		hit := state == in.Value
		if !out.unknown && out.value.(bool) != hit {
			return false, state
		}
		if hit {
			return true, in.To
		}
		return true, state
	}
}

func byKey(history []porcupine.Operation) [][]porcupine.Operation {
	parts := map[string][]porcupine.Operation{}
	for _, operation := range history {
		key := operation.Input.(input).Key
		parts[key] = append(parts[key], operation)
	}
	keys := make([]string, 0, len(parts))
	for key := range parts {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	result := [][]porcupine.Operation{}
	for _, key := range keys {
		result = append(result, parts[key])
	}
	return result
}

func modelOf(h head) porcupine.Model {
	single := porcupine.Model{
		Partition: byKey,
		Init:      func() interface{} { return h.Initial },
		Step: func(state, in, out interface{}) (bool, interface{}) {
			return step(h.Kind, state, in.(input), out.(output))
		},
		Equal: func(a, b interface{}) bool { return a == b },
	}
	if !h.Together {
		return single
	}
	return porcupine.Model{
		Init: func() interface{} { return map[string]interface{}{} },
		Step: func(state, in, out interface{}) (bool, interface{}) {
			states := state.(map[string]interface{})
			key := in.(input).Key
			before, known := states[key]
			if !known {
				before = h.Initial
			}
			ok, after := step(h.Kind, before, in.(input), out.(output))
			if !ok || after == before {
				return ok, states
			}
			next := make(map[string]interface{}, len(states)+1)
			for k, v := range states {
				next[k] = v
			}
			next[key] = after
			return true, next
		},
		Equal: func(a, b interface{}) bool {
			left, right := a.(map[string]interface{}), b.(map[string]interface{})
			if len(left) != len(right) {
				return false
			}
			for key, value := range left {
				if other, known := right[key]; !known || other != value {
					return false
				}
			}
			return true
		},
	}
}

func check(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	var h head
	lines.Scan()
	if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
		return err
	}
	history := []porcupine.Operation{}
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return err
		}
		history = append(history, porcupine.Operation{
			Input: l.input, Call: l.Call, Output: output{l.Output, l.Unknown}, Return: l.Return,
		})
	}
	start := time.Now()
	verdict := porcupine.CheckOperationsTimeout(modelOf(h), history, 2*time.Minute)
	fmt.Printf("%s\t%s\t%.3f\n", h.Name, verdict, float64(time.Since(start).Microseconds())/1000)
	return lines.Err()
}

func main() {
	for _, name := range os.Args[1:] {
		if err := check(name); err != nil {
			fmt.Fprintln(os.Stderr, name, err)
			os.Exit(1)
		}
	}
}
