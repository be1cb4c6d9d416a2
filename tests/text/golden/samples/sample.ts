import { A } from './a';
import type { B } from './b';

export const VERSION = '1.0';

/** Options of a search. */
export interface SearchOptions extends Base<string> {
  /** how many */
  limit?: number;
  onHit(hit: Hit): void;
}

export type Hit = { path: string; score: number } | null;

export enum Level {
  Low = 1,
  High,
}

export namespace Inner {
  export function parse(x: string): number {
    return Number(x);
  }
}

export function convert(x: string): number;
export function convert(x: number): string;
export function convert(x: any): any {
  return x;
}

/** The base of all. */
@Injectable()
export abstract class Service<T> implements Base<T> {
  private readonly items: T[] = [];

  constructor(private readonly http: Http) {
    super();
  }

  abstract load(id: string): Promise<T>;

  /** Save one. */
  @Input()
  public async save(item: T): Promise<void> {
    this.items.push(item);
  }

  handler = (event: Event): void => {
    this.items.pop();
  };
}

declare module 'foo' {
  export function bar(x: number): string;
}

declare function declared(x: number): string;

export const useThing = <T,>(x: T): T => {
  return x;
};
