/** What only development may do: whoever stands between could say who signs for an account. */
export const ledgerDoors = ({ LEDGER_URL: url }: { readonly LEDGER_URL?: string | undefined }): readonly string[] =>
  url !== undefined && !/^https:/i.test(url)
    ? ['LEDGER_URL is not https: anybody on the way can say who signs for an account.']
    : []
