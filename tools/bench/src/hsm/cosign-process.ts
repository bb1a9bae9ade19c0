import { randomUUID } from 'node:crypto'
import { openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { keyNeeds, makeSigner, signWith } from '@strongroom/identity'
import { answerRepeats } from './repeat.ts'

// The app's own functions: a stored key's seed opened in the HSM, proved to be that key's, used in this process and wiped.
const token = await softToken()
const tenant = { deployment: 'strongroom', app: 'identity-storage' } as const
const keys = await provisionKeys({ ...token, ...tenant, needs: keyNeeds, existing: [] })
const keystore = await openKeystore({ ...token, ...tenant, keys })
const hash = new Uint8Array(32)
const account = 'GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF'
const signer = await makeSigner(keystore, { id: randomUUID(), account, identity: 1 })

process.on('exit', () => void token.remove())
answerRepeats({ cosign: () => signWith(keystore, signer, hash) })
