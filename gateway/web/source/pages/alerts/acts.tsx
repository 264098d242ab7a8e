// What the tabs share: who looks, when something was changed, and the line that tells of it with a way back.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { NOBODY, type Me } from "./data";

export interface Told {
  text: string;
  undo?: () => Promise<void>;
}

export interface Acts {
  me: Me;
  /** Goes up with each change: what is shown is asked for again. */
  turn: number;
  tell: (told: Told) => void;
}

export const ActsContext = createContext<Acts>({ me: NOBODY, turn: 0, tell: () => undefined });

export const useActs = (): Acts => useContext(ActsContext);
