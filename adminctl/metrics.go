package main

import (
	"github.com/spf13/cobra"

	stellav1 "stellad/api/stella/v1"
)

type metricsOptions struct {
	socket string
}

// newMetricsCmd has no -o: Prometheus' text is a form for programs, and every collector reads it.
func newMetricsCmd() *cobra.Command {
	var opts metricsOptions
	cmd := &cobra.Command{
		Use:   "metrics",
		Short: "Print the daemon's counters as Prometheus reads them",
		Long: `Print the daemon's counters in Prometheus' text format 0.0.4.

The daemon has no network port to collect them from; write them where node_exporter's
textfile collector looks.`,
		Example: "  adminctl metrics >stella.prom.new && mv stella.prom.new /var/lib/node_exporter/stella.prom",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runMetrics(cmd, opts) },
	}
	addSocketFlag(cmd, &opts.socket)
	return cmd
}

func runMetrics(cmd *cobra.Command, opts metricsOptions) error {
	client := stellav1.NewStatusServiceClient(daemonAt(opts.socket))
	resp, err := client.Metrics(cmd.Context(), &stellav1.MetricsRequest{})
	if err != nil {
		return err
	}
	return writeLines(cmd.OutOrStdout(), resp.GetText())
}
