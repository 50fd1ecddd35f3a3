/** The class of what is thrown, itself and not one that it extends; "nothing" where nothing is. */
export function thrown(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).constructor.name;
  }
  return "nothing";
}
