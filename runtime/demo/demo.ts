/**
 * The demo: orders from a source through a runtime in a process of its own, which may be killed again and
 * again, with a payment gateway in another. Then everything is checked from outside: what was acknowledged
 * against the journal, what was charged against the gateway's ledger, how orders ended against the shop's
 * table, where there is one.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openJournal } from '../../journal/index.js'
import { SystemClock } from '../system-clock.js'
import { type Agreement, compareWithTable } from './agreement.js'
import { journalDirectory, ledgerFile, logFile } from './demo-directory.js'
import type { Percentiles } from './flight.js'
import type { GatewayFaults } from './gateway/faults.js'
import { countLedger, type LedgerCount } from './gateway/ledger.js'
import { startGateway } from './gateway/start-gateway.js'
import { auditJournal, type JournalFindings } from './journal-audit.js'
import { KillPlan } from './kill-plan.js'
import { findMoney, type MoneyFindings } from './money.js'
import type { OrderSource } from './order-source.js'
import { FileSource, GeneratedSource } from './order-source.js'
import { needsPerson } from './order-state.js'
import { Supervisor } from './supervisor.js'

export interface DemoOptions {
  /** How many orders to make up, and from what seed. */
  readonly orders: number
  readonly seed: number
  /** A file of records instead. */
  readonly input?: string
  readonly kills: number
  /** How the payment gateway misbehaves. */
  readonly faults?: Partial<GatewayFaults>
  /** Where the files go. */
  readonly directory: string
  /** Ends it before its time. */
  readonly signal?: AbortSignal
}

/** Told while it runs. */
export interface DemoProgress {
  begin(title: string): void
  update(state: { progress: number; orders: number; commands: number; kills: number }): void
  stop(): void
}

export interface DemoResult {
  readonly title: string
  readonly orders: number
  readonly commands: number
  /** Commands applied without a transition. */
  readonly unhandled: number
  readonly kills: number
  /** From the first command sent until all was settled. */
  readonly seconds: number
  readonly sendToAppliedMs: Percentiles
  readonly sendToSettledMs: Percentiles
  readonly journal: JournalFindings
  readonly ledger: LedgerCount
  readonly money: MoneyFindings
  /** How often the circuit before the gateway opened. */
  readonly circuitOpened: number
  /** Orders that wait for a person: what was done for them could not be undone. */
  readonly unresolved: number
  readonly agreement: Agreement | undefined
}

/** Whether everything that was promised was kept. */
export function isFaultless({ journal, ledger, money, agreement }: DemoResult): boolean {
  return (
    journal.lost === 0 &&
    journal.surplus === 0 &&
    ledger.duplicateCharges === 0 &&
    money.misplaced === 0 &&
    (agreement === undefined || agreement.agreeing === agreement.orders)
  )
}

/**
 * @throws PerdureError `Unavailable` when a process fails by itself, SetupError and InvalidEventError for bad
 * input, the signal's reason.
 */
export async function runDemo(options: DemoOptions, progress: DemoProgress): Promise<DemoResult> {
  const { directory, input, orders, seed, faults = {} } = options
  const source = input === undefined ? new GeneratedSource(orders, seed) : new FileSource(input)
  const gateway = await startGateway({ ledger: ledgerFile(directory), log: logFile(directory), faults })
  const clock = new SystemClock()
  const supervisor = new Supervisor(directory, gateway, clock)
  try {
    await supervisor.start()
    progress.begin(source.title)
    const startedAt = clock.elapsed()
    await Promise.race([
      feed(source, supervisor, options, progress),
      supervisor.failed,
      aborted(options.signal),
    ])
    const seconds = (clock.elapsed() - startedAt) / 1000
    await supervisor.stop()
    return await conclude(source, supervisor, seconds, options)
  } catch (error) {
    await supervisor.abandon()
    throw error
  } finally {
    progress.stop()
    await gateway.stop()
  }
}

/** Never resolves; rejects with the signal's reason. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason))
  })
}

async function feed(
  source: OrderSource,
  supervisor: Supervisor,
  { kills, seed }: DemoOptions,
  progress: DemoProgress,
): Promise<void> {
  const plan = new KillPlan(kills, seed, () => supervisor.kill())
  const told = () => ({
    progress: source.progress,
    orders: source.counts.size,
    commands: supervisor.flight.applied,
    kills: supervisor.kills,
  })
  for await (const command of source.commands()) {
    await supervisor.send(command)
    plan.reach(source.progress)
    progress.update(told())
  }
  // The last kills may come while the last timers fire.
  await Promise.all([plan.done(), supervisor.finish()])
  progress.update(told())
}

async function conclude(
  source: OrderSource,
  supervisor: Supervisor,
  seconds: number,
  { input, directory }: DemoOptions,
): Promise<DemoResult> {
  const { flight, unhandled, kills, circuitOpened } = supervisor
  const journal = openJournal({ path: journalDirectory(directory), readOnly: true })
  let findings: JournalFindings
  try {
    findings = auditJournal(journal, source.counts)
  } finally {
    journal.close()
  }
  const ledger = await countLedger(ledgerFile(directory))
  const table = input === undefined ? undefined : join(dirname(input), 'orders.csv')
  return {
    title: source.title,
    orders: source.counts.size,
    commands: flight.applied,
    unhandled,
    kills,
    seconds,
    sendToAppliedMs: flight.sendToAppliedMs,
    sendToSettledMs: flight.sendToSettledMs,
    journal: findings,
    ledger,
    money: findMoney(findings.states, findings.amounts, ledger.kept),
    circuitOpened,
    unresolved: [...findings.states.values()].filter(needsPerson).length,
    agreement:
      table !== undefined && existsSync(table) ? await compareWithTable(table, findings.states) : undefined,
  }
}
