import { addSystemSigner } from './add-signer.ts'
import { passport, phone, telegram } from './change-settings.ts'
import { makeAccount } from './create-account.ts'
import { create, createMany } from './create-identity.ts'
import { remove } from './delete-identity.ts'
import { emails } from './list-emails.ts'
import { list, listFull } from './list-identities.ts'
import { giveToken } from './request-token.ts'

/** In the order of the contract. */
export const identityHandlers = [
  list,
  listFull,
  create,
  createMany,
  emails,
  phone,
  telegram,
  passport,
  remove,
  giveToken,
  makeAccount,
  addSystemSigner,
]

/** What the runtime role may do. */
export const identityTables = {
  identities: ['select', 'insert', 'update', 'delete'],
  adoptions: ['select', 'insert', 'delete'],
} as const
