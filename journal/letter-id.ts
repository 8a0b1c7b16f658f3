/**
 * A dead letter's name: the number of the commit that made it, and its own within that. Padded, so that names
 * sort as the letters came; made from the commits alone, so that every copy of a journal gives the same.
 */
const COMMIT_DIGITS = 12
const ORDINAL_DIGITS = 4

export interface LetterPlace {
  /** Number of the commit, from 1; 0 for letters settled into rows before they had names. */
  readonly commit: number
  readonly ordinal: number
}

export function letterId({ commit, ordinal }: LetterPlace): string {
  return `${String(commit).padStart(COMMIT_DIGITS, '0')}-${String(ordinal).padStart(ORDINAL_DIGITS, '0')}`
}

/** Undefined when no letter can have that name. */
export function letterPlace(id: string): LetterPlace | undefined {
  const [, commit, ordinal] = /^(\d+)-(\d+)$/.exec(id) ?? []
  if (commit === undefined || ordinal === undefined) return undefined
  const place = { commit: Number(commit), ordinal: Number(ordinal) }
  return letterId(place) === id ? place : undefined
}
