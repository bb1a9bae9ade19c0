import type { Clock } from './jwt.ts'

const MOST_AGE = 3600
const LEEWAY = 60

/** RFC 9110 section 5.6.7, the one form that may be sent; `undefined` for any other, or a weekday that is wrong. */
export function readHttpDate(text: string): Date | undefined {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) || date.toUTCString() !== text ? undefined : date
}

/** Whether a signer's date is at most an hour old, and at most a minute ahead. */
export const isFresh = (date: Date, clock: Clock): boolean => {
  const age = (clock().getTime() - date.getTime()) / 1000
  return age <= MOST_AGE && age >= -LEEWAY
}

/** When something so dated stops being fresh. */
export const endOf = (date: Date): Date => new Date(date.getTime() + MOST_AGE * 1000)

/** Whether a signer's end is still to come, and at most an hour away. */
export const isOpenUntil = (end: Date, clock: Clock): boolean => {
  const left = (end.getTime() - clock().getTime()) / 1000
  return left >= 0 && left <= MOST_AGE
}
