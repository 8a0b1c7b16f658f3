/**
 * Who is told of something, where many come and go all the time: a list in which the last takes the place of one that
 * goes. Told in no order.
 *
 * No set: under such traffic a set copies itself every few hundred, and what it leaves behind keeps alive all they speak
 * of until the next full collection (measured, see `Line` in runtime/system-clock.ts).
 */
interface Place<Listener> {
  readonly listener: Listener
  at: number
}

export class Roster<Listener> {
  readonly #places: Place<Listener>[] = []

  /** The answer ends it; twice is once. */
  add(listener: Listener): () => void {
    const place: Place<Listener> = { listener, at: this.#places.length }
    this.#places.push(place)
    return () => {
      if (this.#places[place.at] !== place) return
      const last = this.#places.pop()!
      if (last === place) return
      last.at = place.at
      this.#places[place.at] = last
    }
  }

  /** As of now: who comes or goes while they are told makes no difference to it. */
  all(): Listener[] {
    return this.#places.map(({ listener }) => listener)
  }
}
