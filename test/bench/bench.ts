/**
 * What a benchmark is: a name, what it answers, and a run that gives lines of figures.
 */

/** One measurement: what was run and the figures, units last in each name. Numbers as they came out. */
export type Line = Readonly<Record<string, Figure>>
export type Figure = string | number | boolean | null | readonly number[]

export interface BenchOptions {
  /** Length of a steady run, seconds. */
  readonly seconds: number
  /** Orders in flight at once, in the recovery bench those a kill meets; each bench has its own when absent. */
  readonly orders?: number
  /** Actors that are there: idle ones, or orders of which a tenth is live; each bench has its own when absent. */
  readonly actors?: number
  /** Entries of the one actor of the history bench. */
  readonly entries: number
  /** The dimension to grow in in the growth bench, all when absent; and the largest size in it. */
  readonly dimension?: string
  readonly most: number
  /**
   * Of the cluster bench: whether its server syncs each append, whether nothing but the messages is run, its shards,
   * where profiles of member and client are left.
   */
  readonly syncAlways?: boolean
  readonly floor?: boolean
  readonly shards?: number
  readonly profiles?: string
  /** Where data directories are made; removed afterwards. */
  readonly directory: string
  /** Told what goes on, for whoever waits. */
  progress(what: string): void
}

export interface Bench {
  readonly name: string
  /** What it answers, in a line. */
  readonly question: string
  run(options: BenchOptions): AsyncIterable<Line>
}
