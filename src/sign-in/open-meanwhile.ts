// Where somebody may go of whom something is demanded first: an agreement, or a second factor.

/** Agreeing itself, the texts, staying and leaving, and the links of letters that guard the account. */
export const openMeanwhile =
  /^\/(agree|logout|theme|officers|documents(\/.*)?|password\/.*|account\/(close(\/.*)?|consents(\/.*)?|stay|(not-me|lost-factor|networks|address)\/.*))$/;
