import { answerChallenge, readChallenge } from './sign-challenge.ts'
import { answerSigning, readSigning } from './sign-request.ts'

const usage = `Say what a device of this world signs: npm run --silent sign -- <challenge of 64 hexadecimal digits>.
  There is --device <name>, for another one than the usual, --key, which prints its verifying key alone, and --text, which
  signs the digits themselves, as accounts on a chain want it.
Or which request to identity-storage; what comes out is a line of curl: npm run --silent sign -- GET /identities | sh
  --key <name>     whose: an administrator's (admin) where nobody else is named, or ann@example.com's, who has signed in
                   by npm run wallet; any other name has a key of its own, drawn the first time
  --data <json>    the body            --account <G…>   whose account, if not the key's own
  --strict         covers date, body and a nonce; for once     --url <address>  of another server
  --show           prints the key alone, G…; --seed its seed, S…`

const args = process.argv.slice(2)
const challenge = readChallenge(args)
const signing = challenge ? undefined : readSigning(args)

if (challenge) {
  console.log(answerChallenge(challenge))
} else if (signing) {
  try {
    console.log(await answerSigning(signing))
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
} else {
  console.error(usage)
  process.exitCode = 2
}
