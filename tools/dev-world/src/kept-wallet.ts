import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fromUtf8, Secret } from '@strongroom/crypto'
import { type Account, fromSeedText, type OpenWallet, signerOf, toSeedText } from '@strongroom/identity-client'
import { z } from 'zod'
import { makePrivateDirectory, type Places, walletKeyOf } from './places.ts'
import { writePrivately } from './private-file.ts'

const Kept = z.object({ accountId: z.string(), seed: z.string().transform((text) => new Secret(text)) })

/** Narrow on purpose: it becomes the name of a file. */
export const isEmail = (text: string): boolean => /^\w[\w.+-]{0,63}@\w[\w.-]{0,63}$/.test(text)

/** Keeps what signs for the wallet now; a browser would have it in memory while it is signed in. */
export function keepWallet(places: Places, { email, accountId, seeds }: OpenWallet): void {
  const path = walletKeyOf(places, email.toLowerCase())
  makePrivateDirectory(dirname(path))
  writePrivately(path, JSON.stringify({ accountId, seed: fromUtf8(toSeedText(seeds[0]).expose()) }))
}

/** `undefined` where nobody signed in to that wallet here. */
export function findKeptWallet(places: Places, email: string): (Account & { readonly seedText: Secret }) | undefined {
  const path = walletKeyOf(places, email.toLowerCase())
  if (!existsSync(path)) return undefined
  const { accountId, seed } = Kept.parse(JSON.parse(readFileSync(path, 'utf8')))
  return { accountId, signer: signerOf(fromSeedText(seed)), seedText: seed }
}
