import Box from "@mui/material/Box";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import type { ReactNode } from "react";

interface DataTableProps {
  label: string;
  head: readonly string[];
  /** Cells of each row; the first one is the row's header. */
  rows: readonly { id: string; cells: readonly ReactNode[] }[];
}

/** Small table, as beside a chart. */
export function DataTable({ label, head, rows }: DataTableProps) {
  return (
    <Box sx={{ overflowX: "auto" }} role="group" aria-label={label} tabIndex={0}>
      <Table size="small" aria-label={label}>
        <TableHead>
          <TableRow>
            {head.map((name, index) => (
              <TableCell key={name} scope="col" align={index === 0 ? "left" : "right"}>
                {name}
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map(({ id, cells }) => (
            <TableRow key={id}>
              {cells.map((cell, index) =>
                index === 0 ? (
                  <TableCell key={index} component="th" scope="row">
                    {cell}
                  </TableCell>
                ) : (
                  <TableCell key={index} align="right" sx={{ fontVariantNumeric: "tabular-nums" }}>
                    {cell}
                  </TableCell>
                ),
              )}
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Box>
  );
}
