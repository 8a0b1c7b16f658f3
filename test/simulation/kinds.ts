/** The runtime in both of its forms, each simulated in its own way. */
import { simulateCluster } from './cluster/cluster-simulation.js'
import { type SimulationOptions, type SimulationResult, simulate } from './simulation.js'

export type Kind = 'embedded' | 'cluster'

export const simulations: Readonly<Record<Kind, (options: SimulationOptions) => Promise<SimulationResult>>> =
  { embedded: simulate, cluster: simulateCluster }

export function kindOf(name: string | undefined): Kind {
  return name === 'cluster' ? name : 'embedded'
}
