export type WalletFault =
  | 'kdf-refused'
  | 'keychain-unreadable'
  | 'factor-unreadable'
  | 'factor-token-refused'
  | 'wallet-key-as-factor'
  | 'other-account'
  | 'factor-unanswered'

const sentences: Readonly<Record<WalletFault, string>> = {
  'kdf-refused': 'the server’s key derivation parameters would make the password cheap to guess, or are unknown',
  'keychain-unreadable': 'the keychain does not open with this password',
  'factor-unreadable': 'the password is not that of the password factor',
  'factor-token-refused': 'the server asks for a signature over something that is no token',
  'wallet-key-as-factor': 'the server passes the wallet’s own key off as the password factor’s',
  'other-account': 'the keychain belongs to another account than the server says',
  'factor-unanswered': 'the server asks for a factor that nobody here can answer',
}

/** What this side refused, whatever the server says. */
export class WalletError extends Error {
  readonly fault: WalletFault

  constructor(fault: WalletFault) {
    super(sentences[fault])
    this.name = 'WalletError'
    this.fault = fault
  }
}
