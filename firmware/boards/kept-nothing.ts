/** The SDK's simulator has no files here: nothing outlives a run. */
export default {};
