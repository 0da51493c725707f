// Command go follows one boolean-or-string flag with LaunchDarkly's Go server SDK and prints its value whenever it changes, as one
// JSON line each. It ends when its standard input does.
package main

import (
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/launchdarkly/go-sdk-common/v3/ldcontext"
	"github.com/launchdarkly/go-sdk-common/v3/ldlog"
	"github.com/launchdarkly/go-sdk-common/v3/ldvalue"
	ld "github.com/launchdarkly/go-server-sdk/v7"
	"github.com/launchdarkly/go-server-sdk/v7/ldcomponents"
)

func main() {
	sdkKey, url, flag := os.Args[1], os.Args[2], os.Args[3]
	config := ld.Config{
		ServiceEndpoints: ldcomponents.RelayProxyEndpoints(url),
		Events:           ldcomponents.NoEvents(),
		Logging:          ldcomponents.Logging().MinLevel(ldlog.Warn),
	}
	client, err := ld.MakeCustomClient(sdkKey, config, 60*time.Second)
	if err != nil {
		panic(err)
	}
	defer client.Close()
	out := json.NewEncoder(os.Stdout)
	context := ldcontext.New("alice")
	changes := client.GetFlagTracker().AddFlagValueChangeListener(flag, context, ldvalue.Null())
	value, detail, err := client.JSONVariationDetail(flag, context, ldvalue.Null())
	if err != nil {
		panic(err)
	}
	report := func(value ldvalue.Value, reason string) {
		if err := out.Encode(map[string]any{"value": value, "reason": reason}); err != nil {
			panic(err)
		}
	}
	report(value, string(detail.Reason.GetKind()))
	go func() {
		for change := range changes {
			report(change.NewValue, "")
		}
	}()
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		panic(err)
	}
}
