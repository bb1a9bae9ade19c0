import { Unusable } from '../outcome.ts'

export function versionNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Unusable('--version is a number, as strongroom-hsm status tells it')
  return Number(text)
}
