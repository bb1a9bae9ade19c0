import { expect, test } from 'vitest'
import { contactOf, foldContact, isSameContact, ownerOf } from './names.ts'

const login = { provider: 'firebase', issuer: 'https://id.example', subject: 'ann' } as const
const email = (value: string) => ({ type: 'email', value }) as const

test('an e-mail address comes before a phone number', () => {
  expect(contactOf({ ...login, email: 'ann@example.com', phone: '+491511234567' })).toEqual(email('ann@example.com'))
  expect(contactOf({ ...login, phone: '+491511234567' })).toEqual({ type: 'phone', value: '+491511234567' })
})

test('case and space are folded, and nothing else: other letters, dots and tags are other people', () => {
  expect(foldContact(email(' Ann@Example.COM '))).toEqual(email('ann@example.com'))
  // The Kelvin sign, which Unicode lowers to a k.
  for (const other of ['\u212Aim@example.com', 'k.im@example.com', 'kim+tag@example.com']) {
    expect(isSameContact(email(other), email('kim@example.com'))).toBe(false)
  }
})

test('a phone number is no e-mail address, whatever it says', () => {
  expect(isSameContact(email('+491511234567'), { type: 'phone', value: '+491511234567' })).toBe(false)
})

test('what is sealed belongs to a contact and a DID together', () => {
  const lookup = Uint8Array.of(1, 2)
  const owners = [
    ownerOf({ lookup, primaryDid: 'did:key:a' }),
    ownerOf({ lookup, primaryDid: 'did:key:b' }),
    ownerOf({ lookup: Uint8Array.of(1, 3), primaryDid: 'did:key:a' }),
  ]
  expect(new Set(owners).size).toBe(3)
})
