/**
 * How the states of order machines compare with what the shop's own table says became of its orders. The
 * table is never an input; it is read when all is over.
 */
import { readFile } from 'node:fs/promises'
import { SetupError } from '../../actors/errors.js'

interface Meaning {
  readonly statuses: readonly string[]
  /** Whether the table has a time of approval; absent where it does not matter. */
  readonly approved?: boolean
  readonly state: string
  readonly because: string
}

/** What each status in the table means for an order whose story is over: every deadline has passed. */
const meanings: readonly Meaning[] = [
  { statuses: ['delivered'], state: 'delivered', because: 'the customer has it' },
  {
    statuses: ['shipped'],
    state: 'in transit, overdue',
    because: 'the carrier took it, and no delivery was ever recorded',
  },
  {
    statuses: ['approved', 'processing', 'invoiced', 'unavailable'],
    state: 'awaiting carrier, overdue',
    because: 'paid and never handed over: steps inside the shop, which write no events',
  },
  {
    statuses: ['canceled'],
    approved: true,
    state: 'awaiting carrier, overdue',
    because:
      'the shop recorded no event of the cancellation: what its events tell is a paid order that went nowhere',
  },
  {
    statuses: ['created', 'canceled'],
    approved: false,
    state: 'awaiting payment, overdue',
    because: 'never paid; whether somebody cancelled it, the events do not tell',
  },
]

export interface Agreement {
  readonly agreeing: number
  readonly orders: number
  /** The first few that differ, in words. */
  readonly differing: readonly string[]
}

const differingShownMax = 5

/**
 * Compares the states, by order id, with the table at `path`. An order that only one side knows differs.
 * @throws SetupError when the table lacks a column.
 */
export async function compareWithTable(
  path: string,
  states: ReadonlyMap<string, string>,
): Promise<Agreement> {
  const [header = '', ...lines] = (await readFile(path, 'utf8')).trimEnd().split(/\r?\n/)
  const columns = header.split(',')
  const column = (name: string) => {
    const index = columns.indexOf(name)
    if (index === -1)
      throw new SetupError('InvalidDefinition', `${path}: expected a column '${name}', found ${header}`)
    return index
  }
  const [id, status, approvedAt] = [column('order_id'), column('order_status'), column('order_approved_at')]
  const differing: string[] = []
  const listed = new Set<string>()
  for (const cells of lines.map(line => line.split(','))) {
    const [orderId, stated, approved] = [cells[id]!, cells[status]!, cells[approvedAt] !== '']
    listed.add(orderId)
    const expected = meaningOf(stated, approved)
    const found = states.get(orderId)
    if (found !== expected)
      differing.push(`${orderId} is '${stated}': expected ${expected ?? 'a known status'}, found ${found}`)
  }
  for (const orderId of states.keys())
    if (!listed.has(orderId)) differing.push(`${orderId} is not in the table`)
  return {
    agreeing: new Set([...listed, ...states.keys()]).size - differing.length,
    orders: states.size,
    differing: differing.slice(0, differingShownMax),
  }
}

function meaningOf(status: string, approved: boolean): string | undefined {
  return meanings.find(
    meaning => meaning.statuses.includes(status) && (meaning.approved ?? approved) === approved,
  )?.state
}
