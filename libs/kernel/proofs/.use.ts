import { allOf, endpoint, mount, problems } from '@strongroom/http'
import * as proofs from '@strongroom/proofs'
import { openDatabase } from '@strongroom/storage'
import { z } from 'zod'

export const open = endpoint({
  method: 'PUT',
  path: '/door',
  summary: 'Open.',
  proof: allOf({ login: proofs.loginToken, did: proofs.didPresentation }),
  body: z.object({ ...proofs.loginFields, door: z.string() }),
  reply: { 200: z.object({}) },
  refusals: [],
})
const database = openDatabase({ connectionString: 'postgres://app@localhost/keys' })
const logins = { firebase: proofs.firebaseVerifier({ projectId: 'demo-project' }) }
const presentations = proofs.presentationVerifier({ audience: 'https://keys.example.com' })
const challenges = proofs.challengesFor(database, 'did-auth')
const deps = { logins, presentations, challenges, didAuth: 'vp' as const }
const provers = [proofs.proveLoginToken, proofs.proveDidPresentation]
export const doors = mount({ dialect: problems, handlers: [], provers, deps })
