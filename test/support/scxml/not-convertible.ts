/**
 * A fixture uses what XState has no construct for.
 */
export class NotConvertible extends Error {
  constructor(construct: string) {
    super(construct)
    this.name = 'NotConvertible'
  }
}
