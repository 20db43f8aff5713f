//! Systems of linear equations with a symmetric, positive definite matrix: decomposition by Cholesky.

/// Solution of `matrix * x = right`, of which only the lower triangle is read; `None` if the matrix is not positive
/// definite.
pub(super) fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    for row in 0..right.len() {
        let (above, rest) = matrix.split_at_mut(row);
        let current = rest.first_mut()?;
        for (column, other) in above.iter().enumerate() {
            let known: f64 = current[..column].iter().zip(other).map(|(a, b)| a * b).sum();
            current[column] = (current[column] - known) / other[column];
        }
        let known: f64 = current[..row].iter().map(|part| part * part).sum();
        let pivot = current[row] - known;
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        current[row] = pivot.sqrt();
    }
    for row in 0..right.len() {
        let known: f64 = matrix[row][..row].iter().zip(&right).map(|(a, b)| a * b).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    for row in (0..right.len()).rev() {
        let below = matrix.iter().zip(&right).skip(row + 1);
        let known: f64 = below.map(|(other, found)| other[row] * found).sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_solution_fulfils_the_equations() {
        let matrix = vec![vec![4.0, 2.0, 0.6], vec![2.0, 3.0, 0.4], vec![0.6, 0.4, 2.0]];
        let right = vec![1.0, -2.0, 3.0];
        let found = solve(matrix.clone(), right.clone()).unwrap();
        for (row, right) in matrix.iter().zip(right) {
            let sum: f64 = row.iter().zip(&found).map(|(a, b)| a * b).sum();
            assert!((sum - right).abs() < 1e-12);
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_is_refused() {
        assert_eq!(solve(vec![vec![1.0, 2.0], vec![2.0, 1.0]], vec![1.0, 1.0]), None);
    }
}
