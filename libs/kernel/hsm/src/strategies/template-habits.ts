import type { Attributes } from '../pkcs11/template.ts'

/** What an unwrap template has to say, or leave out, on one module or another. */
export type TemplateHabit = (attributes: Attributes) => Attributes

const asAsked: TemplateHabit = (attributes) => attributes
// Luna before firmware 7.9.3 wants the length, SoftHSM refuses it.
const withLength: TemplateHabit = (attributes) => ({ ...attributes, valueLength: 32 })
// openCryptoki takes neither of an unwrapped key, and lets it be read.
const withoutSecrecy: TemplateHabit = (attributes) =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => name !== 'sensitive' && name !== 'extractable'))

/** In the order in which they are tried: the proof, which reads the key back, decides. */
export const templateHabits: readonly TemplateHabit[] = [
  asAsked,
  withLength,
  withoutSecrecy,
  (attributes) => withLength(withoutSecrecy(attributes)),
]

/** The same of private keys: whoever unwraps one says its public key (`ecPoint`), which only NSS asks for, by a name of its own. */
export const pairHabits: readonly TemplateHabit[] = [
  (attributes) => Object.fromEntries(Object.entries(attributes).filter(([name]) => name !== 'ecPoint')),
  ({ ecPoint = new Uint8Array(), ...attributes }) => ({ ...attributes, nssPublicValue: ecPoint }),
]
