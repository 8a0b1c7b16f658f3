/**
 * A scrape, read by a parser of Prometheus' text format that knows nothing of us.
 */
import { createRequire } from 'node:module'

interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly metrics: readonly Sample[]
}

interface Sample {
  readonly value?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly buckets?: Readonly<Record<string, string>>
  readonly sum?: string
  readonly count?: string
}

const parse = createRequire(import.meta.url)('parse-prometheus-text-format') as (
  text: string,
) => readonly Family[]

export class Scrape {
  readonly families: readonly Family[]

  constructor(text: string) {
    this.families = parse(text)
  }

  family(name: string): Family {
    const found = this.families.find(one => one.name === name)
    if (found === undefined) throw new Error(`no ${name} among ${this.families.map(one => one.name)}`)
    return found
  }

  /** A counter's or gauge's samples: their labels' values in the order asked for, and the number. */
  byLabels(name: string, ...labels: readonly string[]): Record<string, number> {
    return Object.fromEntries(
      this.family(name).metrics.map(sample => [
        labels.map(label => sample.labels?.[label]).join(' '),
        Number(sample.value),
      ]),
    )
  }

  /** The one sample of a counter or gauge without labels. */
  value(name: string): number {
    return Number(this.family(name).metrics[0]?.value)
  }

  /** Of a histogram without labels. */
  histogram(name: string): { readonly count: number; readonly sum: number } {
    const [sample] = this.family(name).metrics
    return { count: Number(sample?.count), sum: Number(sample?.sum) }
  }

  /** Every value of every label. */
  labelValues(): Set<string> {
    return new Set(
      this.families.flatMap(family => family.metrics.flatMap(sample => Object.values(sample.labels ?? {}))),
    )
  }
}
