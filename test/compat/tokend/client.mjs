import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const {
  ApiCaller,
  DocumentsManager,
  FactorsManager,
  SignersManager,
  WalletsManager,
  errors,
} = require('@tokend/js-sdk')

export { DocumentsManager, errors }

/** One browser of one person: the published client as a web page sets it up, against a server that is its ledger as well. */
export async function openBrowser({ identityStorageUrl }) {
  const info = await (await fetch(identityStorageUrl)).json()
  const api = await ApiCaller.getInstanceWithPassphrase(identityStorageUrl)
  return {
    api,
    masterAccountId: info.master_account_id,
    wallets: new WalletsManager(api),
    factors: new FactorsManager(api),
    signers: new SignersManager(api),
  }
}
