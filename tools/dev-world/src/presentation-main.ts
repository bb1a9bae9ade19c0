import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { fromHex, systemRandom, toHex } from '@strongroom/crypto'
import { didOf, makePresentation } from '@strongroom/issuer'
import { makePrivateDirectory, ownWalletOf, usualPlaces } from './places.ts'
import { writePrivately } from './private-file.ts'

const usage =
  'There is --seed <64 hexadecimal digits> (without it, this world keeps a wallet of its own), ' +
  '--challenge <text>, --audience <text>, and --did, which prints the DID alone.'

const options = {
  seed: { type: 'string' },
  challenge: { type: 'string' },
  audience: { type: 'string' },
  did: { type: 'boolean', default: false },
} as const

function readOptions(args: string[]) {
  try {
    const { values } = parseArgs({ args, options })
    // An empty challenge is one that could not be fetched: $CHALLENGE, unset.
    if (values.challenge === '') return undefined
    return values.seed === undefined || /^[0-9a-f]{64}$/i.test(values.seed) ? values : undefined
  } catch {
    return undefined
  }
}

/** Drawn the first time that it is asked for, and kept as long as the world's state. */
function ownSeed(): string {
  const path = ownWalletOf(usualPlaces)
  makePrivateDirectory(dirname(path))
  if (!existsSync(path)) writePrivately(path, toHex(systemRandom(32)))
  return readFileSync(path, 'utf8')
}

const asked = readOptions(process.argv.slice(2))
if (!asked) {
  console.error(usage)
  process.exitCode = 2
} else {
  const { did, challenge, audience } = asked
  const seed = fromHex(asked.seed ?? ownSeed())
  const optional = { ...(challenge !== undefined && { challenge }), ...(audience !== undefined && { audience }) }
  console.log(did ? didOf(seed) : makePresentation({ seed, ...optional }))
}
