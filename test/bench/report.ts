/**
 * Shows lines of figures: as JSON lines for programs, or for people a table a bench, a column a line.
 */
import Table from 'cli-table3'
import type { Figure, Line } from './bench.js'

export function jsonLine(line: Line): string {
  return JSON.stringify(line)
}

/** The lines of one bench side by side, a row a figure. */
export function table(question: string, lines: readonly Line[]): string {
  const names = [...new Set(lines.flatMap(line => Object.keys(line)))].filter(name => name !== 'bench')
  const shown = new Table({
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...lines.map(() => 'right' as const)],
  })
  for (const name of names) shown.push([name, ...lines.map(line => figure(line[name]))])
  return `${String(lines[0]?.bench)}: ${question}\n${shown.toString()}`
}

function figure(value: Figure | undefined): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.map(one => figure(one)).join(' → ')
  return typeof value === 'number' ? value.toLocaleString('en') : String(value)
}
