import { expect, test } from 'vitest'
import { foundKeys } from './found-keys.ts'

test('a key is named for its job and use, by its label or its id', () => {
  expect(foundKeys.parse(undefined)).toEqual([])
  expect(foundKeys.parse('seal=kek 1, mac/lock=pkcs11:id=%01%ab,wrap=a=b')).toEqual([
    { job: 'seal', use: '', label: 'kek 1' },
    { job: 'mac', use: 'lock', id: Uint8Array.of(1, 0xab) },
    { job: 'wrap', use: '', label: 'a=b' },
  ])
})

test('what names no key is refused, and not taken for a label', () => {
  for (const wrong of ['seal', 'seal=', 'steal=x', 'mac/=x', 'seal=pkcs11:id=', 'seal=pkcs11:id=%0', 'seal=x,y'])
    expect(foundKeys.safeParse(wrong).success).toBe(false)
})
