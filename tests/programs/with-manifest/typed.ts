export default (interval: number): string => `every ${interval satisfies number} s`;
