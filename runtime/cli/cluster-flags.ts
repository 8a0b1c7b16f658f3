/** The flags that name a cluster. They load nothing of NATS: who is asked may be a directory after all. */
import { type Command, Option } from 'commander'

/** Flags of every command that reaches a cluster. */
export interface ClusterFlags {
  readonly nats?: string
  readonly clusterName?: string
}

export function natsOption(what: string): Option {
  return new Option('--nats <url>', what).env('NATS_URL')
}

/** Undefined for none: what an unset variable of a shell leaves empty names none. */
export function serversOf({ nats = '' }: ClusterFlags): string | undefined {
  return nats.trim() === '' ? undefined : nats
}

export function clusterNameOption(): Option {
  return new Option('--cluster-name <name>', 'of several clusters on one account, that one').default(
    'perdure',
  )
}

/** Adds the flags of a command that only a cluster can answer. */
export function askingCluster(command: Command): Command {
  return command
    .addOption(
      natsOption("servers of the cluster's NATS, several with commas; nats://127.0.0.1:4222 unless said"),
    )
    .addOption(clusterNameOption())
    .option('--json', 'for programs: JSON instead of a table')
}
