import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fromUtf8, Secret } from '@strongroom/crypto'
import { fromSeedText, newSeed, type Signer, signerOf, toSeedText } from '@strongroom/identity-client'
import { makePrivateDirectory, type Places, signingKeyOf } from './places.ts'
import { writePrivately } from './private-file.ts'

/** The name of the key that the apps take for their administrator's. */
export const ADMINISTRATOR = 'admin'

/** Whether it may be part of a file's name. */
export const isKeyName = (name: string): boolean => /^[\w-]{1,64}$/.test(name)

/** `S…`, 56 characters. Drawn the first time that it is asked for, and kept as long as the world's state. */
export function seedTextOf(places: Places, name: string): Secret {
  const path = signingKeyOf(places, name)
  makePrivateDirectory(dirname(path))
  if (!existsSync(path)) writePrivately(path, fromUtf8(toSeedText(newSeed()).expose()))
  return new Secret(readFileSync(path, 'utf8'))
}

/** What signs requests and transactions under that name. */
export const signingKey = (places: Places, name: string): Signer => signerOf(fromSeedText(seedTextOf(places, name)))
