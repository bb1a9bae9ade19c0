import type { RandomSource } from '@strongroom/crypto'
import type { Keystore } from '@strongroom/hsm'
import type { Database } from '@strongroom/storage'
import type { Ledger } from '../ledger/ledger.ts'
import type { ObjectStore } from './object-store.ts'
import type { DocumentPolicies } from './policies.ts'

export interface DocumentDeps {
  readonly ledger: Ledger
  readonly hsm: Keystore
  readonly database: Database
  readonly objects: ObjectStore
  readonly random: RandomSource
  readonly policies: DocumentPolicies
}
